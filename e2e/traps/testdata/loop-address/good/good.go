// Package good keeps pointers to elements and to fresh structs.
package good

import "fmt"

type item struct{ n int }

// Run tells what came out.
func Run() string {
	list := []int{1, 2, 3}
	var all []*int
	var items []*item
	for i := range list {
		all = append(all, &list[i])
		it := item{n: i}
		items = append(items, &it)
	}
	if items[0].n == items[1].n {
		return "wrong"
	}
	return fmt.Sprint(*all[0], *all[1], *all[2])
}
