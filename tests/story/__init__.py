"""The whole flow, from what two CRMs show to what stands in their fields."""
