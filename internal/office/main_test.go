package office_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
