# Rows of IAM's credential report. Null stands for what the report has no value for.
package lib.credentials

# Whether a row tells which access keys are active.
tells_keys(row) if {
	is_boolean(row.access_key_1_active)
	is_boolean(row.access_key_2_active)
}

# The active access keys of a row.
active_keys(row) := [key |
	some number in [1, 2]
	row[sprintf("access_key_%d_active", [number])] == true
	rotated := object.get(row, sprintf("access_key_%d_last_rotated", [number]), null)
	used := object.get(row, sprintf("access_key_%d_last_used_date", [number]), null)
	key := {"number": number, "rotated": rotated, "used": used}
]

# Whether an account has a root user that can sign in. Where member accounts are managed centrally, theirs has neither a
# password nor a key.
has_root_credentials(summary) if not is_without(summary)

is_without(summary) if {
	summary.AccountPasswordPresent == 0
	summary.AccountAccessKeysPresent == 0
}
