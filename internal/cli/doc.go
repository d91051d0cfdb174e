// Package cli is the roof: the one binary's commands, its configuration, and the
// wiring of everything below. It alone knows the machine's clock and where chance
// comes from. A command is a struct with its flags and a Run method, which opens a
// desk, calls one office method and shows the answer: as a table for people, or
// with --json as JSON alone on standard output.
package cli
