# The manual pages in man/ are those of this program, in English and French.
source "$(dirname "$0")/../support/lib.sh"

mkdir en fr
step "man/ is what the program writes"
expect 0 medsave --lang en generate --man en
diff -r --exclude '*.[57]' en "$tests/../man" --exclude fr --exclude CMakeLists.txt || fail "run scripts/update-man"

step "man/fr too"
expect 0 medsave --lang fr generate --man fr
diff -r --exclude '*.[57]' fr "$tests/../man/fr" || fail "run scripts/update-man"

step "they fit 80 columns: troff has nothing to warn of"
if command -v man >/dev/null && command -v groff >/dev/null; then
  for page in "$tests"/../man/*.[157] "$tests"/../man/fr/*.[157]; do
    MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null | tee -a warnings
  done
  [ ! -s warnings ] || fail "troff warns"
fi

step "the README's tables are the same in both languages"
readmes="$tests/../README.md $tests/../README.fr.md"
# shellcheck disable=SC2086
for file in $readmes; do
  grep -o '^| [0-9]* | `[a-z]*`[^|]*|' "$file" >"$(basename "$file").rows"
done
diff README.md.rows README.fr.md.rows || fail "the rows of the floors differ"
