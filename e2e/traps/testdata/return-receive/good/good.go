// Package good binds it first.
package good

func answer(ch chan string) string {
	v := <-ch
	return v
}

// Run tells what came out.
func Run() string {
	ch := make(chan string, 1)
	ch <- "answer"
	return answer(ch)
}
