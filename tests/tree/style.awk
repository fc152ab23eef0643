# SPDX-License-Identifier: GPL-2.0-only
#
# What style.sh asks of the text of each file; the names of shell scripts go to the file "scripts".
function end() {
	if (!name)
		return
	if (!licensed)
		print name ": no SPDX line"
	if (lines > 500 && !why)
		print name ": " lines " lines; past 500 its head says \"Long because ...\""
	if (name ~ /^bench\/.*\.sh$/ && decimals && !locale)
		print name ": its numbers have decimal commas in some countries: LC_ALL=C"
	if (name ~ /\.(py|pl)$/)
		print name ": C and shell only"
	if (name ~ /\.(sh|guest|host)$/ || shell)
		print name >>scripts
}
FNR == 1 {
	end()
	name = FILENAME
	licensed = why = decimals = locale = 0
	shell = /^#!.*sh$/
}
{ lines = FNR }
FNR <= 3 && /SPDX-License-Identifier: GPL-2\.0-only/ { licensed = 1 }
FNR <= 20 && /Long because / { why = 1 }
/%\.[0-9]+f/ { decimals = 1 }
/^LC_ALL=C/ { locale = 1 }
/(^|[^a-z\/])\/(home|work)\/[a-z]/ { print name ":" FNR ": a path of some machine: " $0 }
# an accelerator: more than one is emulated, vmmio_accel_name_emulated() knows; in boot.c
# it is what was asked for
/str(case)?cmp\([^,]*accel, "tcg"\)/ && name ~ /^(bench|tools|lib)\/.*\.c$/ && name != "bench/guest/boot.c" {
	print name ":" FNR ": asks for one emulator by name: " $0
}
END { end() }
