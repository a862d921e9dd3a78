package imaging_test

import (
	"testing"

	"github.com/sajin-sns/sajin/adapters/imaging"
	"github.com/sajin-sns/sajin/ports/media"
	"github.com/sajin-sns/sajin/test/contract"
)

func TestContract(t *testing.T) {
	contract.Images(t, func(*testing.T) media.Processor { return imaging.New(imaging.Options{}) })
}
