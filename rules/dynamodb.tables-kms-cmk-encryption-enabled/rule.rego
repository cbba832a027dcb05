package rules.dynamodb_tables_kms_cmk_encryption_enabled

# A table that uses the default key has no description of its encryption. While the key is being changed the old one holds.
encrypted if {
	encryption := input.resource.configuration.ssedescription
	encryption.ssetype == "KMS"
	encryption.status in {"ENABLED", "UPDATING"}
}

violations contains {"path": path, "message": message, "evidence": {"encryption": found}} if {
	not encrypted
	path := "configuration.ssedescription"
	found := object.get(input.resource.configuration, "ssedescription", null)
	message := sprintf("Table '%s' is not encrypted with a KMS key of the account.", [input.resource.configuration.tableName])
}
