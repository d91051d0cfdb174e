// Package statement reads what banks say about their accounts: camt.053 and camt.054,
// MT940 and MT942, BAI2, and CSV by a described layout. A file goes in as bytes;
// statements and their entries come out one by one, the same shape from every format,
// in memory that does not grow with the file.
//
// A file that cannot be trusted is refused whole, with a fault that names the place and
// never repeats what stands there. A file that is sound and does not add up is read, and
// says so: Statement.Proof and Statement.Remarks.
//
// Nothing is matched, booked or remembered here.
package statement
