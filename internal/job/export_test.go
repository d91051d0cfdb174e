package job

// LimitInstant sets how many jobs may run at one instant.
func (s *Stepper) LimitInstant(runs int) { s.instantRuns = runs }
