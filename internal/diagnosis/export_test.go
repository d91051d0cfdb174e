package diagnosis

// Tables are the rows of words by table and code.
func Tables() map[string]map[string][4]string {
	return map[string]map[string][4]string{
		"state": plain(stateTexts), "certainty": plain(certaintyTexts), "source": plain(sourceTexts), "step": plain(stepTexts), "fact": plain(factTexts),
	}
}

func plain[K ~string](rows map[K]row) map[string][4]string {
	out := map[string][4]string{}
	for k, r := range rows {
		out[string(k)] = r
	}
	return out
}
