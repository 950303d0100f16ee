// Package bad returns what it receives.
package bad

func answer(ch chan string) string {
	return <-ch // want return-receive
}

// Run tells what came out.
func Run() string {
	ch := make(chan string, 1)
	ch <- "answer"
	return answer(ch)
}
