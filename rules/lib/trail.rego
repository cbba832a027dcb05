# Trails of CloudTrail: which of several items a trail is judged by, and what it records.
package lib.trail

# Whether an item shows a trail in a region that is not its own. A trail of all regions is shown in each of them.
is_shadow(item) if {
	home := item.configuration.homeRegion
	is_string(home)
	not home in {"", item.awsRegion}
	item.awsRegion != "global"
}

# A member whatever the case of its name is.
member(object, name) := found[0] if {
	found := [value | some key, value in object; lower(key) == name]
	count(found) > 0
}

# The selectors, as a list, or under the names that CloudTrail's answer has for the two kinds.
selectors(item) := found if {
	found := item.supplementaryConfiguration.EventSelectors
	is_array(found)
}

selectors(item) := found if {
	answer := item.supplementaryConfiguration.EventSelectors
	is_object(answer)
	found := [selector |
		some name in ["eventselectors", "advancedeventselectors"]
		list := member(answer, name)
		is_array(list)
		some selector in list
	]
}

# Which management events the selectors take in.
kinds(item) := {kind |
	some selector in selectors(item)
	some kind in taken(selector)
}

taken(selector) := by_word[word] if {
	member(selector, "includemanagementevents") == true
	word := lower(member(selector, "readwritetype"))
	by_word := {"all": {"read", "write"}, "readonly": {"read"}, "writeonly": {"write"}}
}

# An advanced selector takes in management events without exception where it asks for nothing else but whether they read, and
# leaves out only what certain services do.
taken(selector) := kinds if {
	fields := member(selector, "fieldselectors")
	some category in fields
	lower(member(category, "field")) == "eventcategory"
	"Management" in member(category, "equals")
	every field in fields { is_harmless(field) }
	flags := {flag |
		some field in fields
		lower(member(field, "field")) == "readonly"
		some flag in member(field, "equals")
	}
	kinds := by_flags(flags)
}

by_flags(flags) := {"read", "write"} if count(flags) == 0

by_flags(flags) := {"read"} if flags == {"true"}

by_flags(flags) := {"write"} if flags == {"false"}

is_harmless(field) if lower(member(field, "field")) in {"eventcategory", "readonly"}

is_harmless(field) if {
	lower(member(field, "field")) == "eventsource"
	names := {lower(key) | some key, value in field; value != null}
	names == {"field", "notequals"}
}

# Whether every management event is recorded: by default, or by the selectors.
records_management(item) if item.configuration.hasCustomEventSelectors == false

records_management(item) if kinds(item) == {"read", "write"}

# Whether it is known what is recorded.
tells_management(item) if item.configuration.hasCustomEventSelectors == false

tells_management(item) if selectors(item)
