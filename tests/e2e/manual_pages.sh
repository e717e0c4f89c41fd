# The manual pages in man/ are those of this program, in English and French.
source "$(dirname "$0")/../support/lib.sh"

mkdir en fr
step "man/ is what the program writes"
expect 0 medsave --lang en generate --man en
diff -r --exclude '*.[57]' en "$tests/../man" --exclude fr --exclude CMakeLists.txt || fail "run scripts/update-man"

step "man/fr too"
expect 0 medsave --lang fr generate --man fr
diff -r --exclude '*.[57]' fr "$tests/../man/fr" || fail "run scripts/update-man"
