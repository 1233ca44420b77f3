module vsecm/gotmpl-vectors

go 1.26
