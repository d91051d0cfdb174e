// Package bursar takes money for usage-billed clouds and keeps the books of it.
//
// A platform sends priced usage; Bursar adds it up, charges the customer's card
// when a threshold is reached and when the month ends, tries again what failed,
// and books every movement twice, so that the books can prove themselves.
//
// One idea per floor. Rules (internal/account, payment, billing, policy, access,
// ledger) decide and touch nothing. The office (internal/office) acts: one file
// per operation, and transactions and calls to the world start there. The store
// (internal/store) remembers: every SQL statement, for SQLite and PostgreSQL
// alike. Providers (internal/provider) speak to the world, and internal/sandbox is
// a pretend one. Doors (internal/api, internal/console) let people and programs
// in, and internal/cli is the roof: one binary, its commands and its wiring.
//
// An import always points down; house_test.go has the table of who may import
// whom. docs/ARCHITECTURE.md tells the rest.
package bursar
