# Days between instants.
package lib.days

# Whole days from an instant to now; undefined where one of them is none.
since(instant, now) := floor((time.parse_rfc3339_ns(now) - time.parse_rfc3339_ns(instant)) / 86400000000000)

# Whether a value is an instant.
is_instant(value) if {
	is_string(value)
	time.parse_rfc3339_ns(value)
}
