// Command bursar takes money for usage-billed platforms and keeps the books of it.
package main

import (
	"os"

	"github.com/bursar-pay/bursar/internal/cli"
)

func main() {
	os.Exit(cli.Run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
