package api

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkDecodeUsage(b *testing.B) {
	const lines = 1000
	var body strings.Builder
	body.WriteString(`{"lines":[`)
	for i := range lines {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"id":"line-%d","account":"acct_01j8z3v6k2m4n8p0q2r4s6t8vw","product":"compute","amount":{"amount":"0.0001","currency":"USD"},"started_at":"2024-09-18T11:00:00Z"}`, i)
	}
	body.WriteString(`]}`)
	text := []byte(body.String())
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if batch, err := decodeUsage(text); err != nil || len(batch.Lines) != lines {
			b.Fatalf("got %d lines, %v, want %d", len(batch.Lines), err, lines)
		}
	}
	b.ReportMetric(float64(b.N*lines)/b.Elapsed().Seconds(), "lines/s")
}
