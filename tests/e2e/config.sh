# medsave config: one file, all that is wrong with it at once, what is in force and from where.
source "$(dirname "$0")/../support/lib.sh"
unset RESTIC_PASSWORD RESTIC_REPOSITORY RESTIC_CACHE_DIR XDG_CONFIG_HOME
export HOME=$work/home
mkdir home

# Nothing to say against this one.
cat >fine.toml <<'END'
password-command = ["pass", "show", "geheim"]
[[source]]
name = "cabinet"
paths = ["/srv/cabinet"]
[[folder]]
name = "disque de l'accueil"
path = "/var/backups/medsave"
[[remote]]
name = "hébergeur"
repository = "rest:https://lilas:geheim@coffre.example/x"
hds = true
[monitor]
ping = "https://hc.example/geheim"
END
check() { run medsave config check --config "$1"; }
# with NAME TEXT: the tables of fine.toml behind a text, which begins in line 1.
with() { { printf '%s\n' "$2"; sed 1d fine.toml; } >"$1"; }

step "a configuration without faults"
expect 0 medsave config check --config fine.toml
says '^fine.toml is in order$'
same "$(cat stderr)" ""
expect 0 medsave --lang fr config check --config fine.toml
says '^fine.toml est en ordre$'
expect 0 medsave --json config check --config fine.toml
same "$(wc -l <stdout)" 1
same "$(summary file) $(summary errors) $(summary warnings)" "fine.toml 0 0"

step "all errors in one go, in order, each with its place; in both languages"
cat >wrong.toml <<'END'
langage = "fr"
[[medium]]
name = "Lundi"
days = ["mon", "tues"]
proof = true
[[medium]]
name = "LUNDI"
[[source]]
name = "a/b"
[retention]
policy = "cabinet"
keep-daily = 3
END
expect 1 medsave config check --config wrong.toml
same "$(cut -d : -f 1-3 stderr | head -n 6 | tr '\n' ' ')" \
  "wrong.toml:1:1 wrong.toml:4:16 wrong.toml:5:9 wrong.toml:7:8 wrong.toml:8:1 wrong.toml:9:8 "
says '^wrong.toml:1:1: there is no key "langage" here; perhaps "language" is meant \(there are: "language", '
says '^wrong.toml:4:16: .*"tues"; perhaps "tue" is meant \(there are: "mon", '
says '^wrong.toml:5:9: "proof" must be a text in quotes, but here it is true or false$'
says '^wrong.toml:7:8: the name "LUNDI" is taken, in line 3'
says '^wrong.toml:11:10: a policy and rules'
says '^Fatal: wrong.toml has 7 errors; it cannot be used'
same "$(cat stdout)" ""
expect 1 medsave --lang fr config check --config wrong.toml
says "^wrong.toml:1:1: il n'y a pas de clé «.langage.» ici.; vouliez-vous dire «.language.».\?"
says '^Erreur.: wrong.toml contient 7 erreurs'

step "the same for programs"
expect 1 medsave --json --lang fr config check --config wrong.toml
same "$(grep -c '"message_type":"config_error"' stdout)" 7
head -n 1 stdout >first
same "$(cut -d , -f 1-5 first)" \
  '{"message_type":"config_error","line":1,"column":1,"key":"langage","code":"config_unknown_key"'
same "$(json --type config_error /code)" config_contradiction
same "$(json --type config_error /key)" retention.policy
same "$(tail -n 1 stdout | json-value --type summary /errors)" 7
same "$(json-value --type exit_error /code <stderr)" 1

step "what is unwise is a warning, and no failure"
printf x >password
chmod 644 password
mkdir -p data/inside
cat >unwise.toml <<END
password-file = "$work/password"
[[source]]
name = "data"
paths = ["$work/data"]
[[medium]]
name = "A"
days = ["mon", "tue", "wed", "thu"]
[[folder]]
name = "inside"
path = "$work/link"
END
ln -s data/inside link
expect 0 medsave config check --config unwise.toml
says '^unwise.toml:1:17: warning: the password file .* can be read by other users'
says '^unwise.toml:5:1: warning: no medium has these working days: fri$'
says '^unwise.toml:10:8: warning: the target "inside" lies in '
says '^unwise.toml: warning: every copy can be in one place'
says '^unwise.toml can be used, with 4 warnings$'
expect 0 medsave --lang fr config check --config unwise.toml
says '^unwise.toml:5:1: avertissement.: aucun support'
expect 0 medsave --json config check --config unwise.toml
same "$(grep -c '"message_type":"config_warning"' stdout)" 4
same "$(summary errors) $(summary warnings)" "0 4"
chmod 600 password
expect 0 medsave config check --config unwise.toml
says_not 'password file'
rm password
expect 0 medsave config check --config unwise.toml
says 'there is no password file'

step "what is in force, and from where; no secrets"
expect 0 medsave config show --config fine.toml
says '^source\[1\].paths +\["/srv/cabinet"\] +fine.toml:4$'
says '^run.proof +"all" +default$'
says '^password-command +\["pass", "\*\*\*", "\*\*\*"\] +fine.toml:1$'
says 'rest:https://lilas:\*\*\*@coffre.example/x'
says 'https://hc.example/\*\*\*'
says_not geheim
expect 0 medsave --lang fr config show --config fine.toml
says '^run.proof +"all" +par défaut$'
says_not geheim
expect 0 medsave --json config show --config fine.toml
says_not geheim
same "$(json --type config_value /key) $(json --type config_value /source)" "run.hook-timeout default"
same "$(grep -c . stdout)" "$(($(summary values) + 1))"
expect 1 medsave config show --config wrong.toml
says '^wrong.toml:1:1: '
same "$(cat stdout)" ""

step "no configuration is an error; the places are named"
expect 1 medsave config path
says "looked for: $HOME/.config/medsave/medsave.toml, /etc/medsave/medsave.toml"
expect 1 medsave config check
expect 1 medsave config show
expect 1 medsave --json config path
same "$(cat stdout)" ""
same "$(json-value --type exit_error /error <stderr)" not-found

step "the first of: --config, MEDSAVE_CONFIG, XDG_CONFIG_HOME or ~/.config"
found() {
  expect 0 "$@" medsave config path
  cat stdout
}
mkdir -p home/.config/medsave xdg/medsave
cp fine.toml home/.config/medsave/medsave.toml
cp fine.toml xdg/medsave/medsave.toml
cp fine.toml env.toml
same "$(found env)" "$HOME/.config/medsave/medsave.toml"
same "$(found env XDG_CONFIG_HOME=relative)" "$HOME/.config/medsave/medsave.toml"
same "$(found env "XDG_CONFIG_HOME=$work/xdg")" "$work/xdg/medsave/medsave.toml"
same "$(found env MEDSAVE_CONFIG=env.toml "XDG_CONFIG_HOME=$work/xdg")" env.toml
expect 0 env MEDSAVE_CONFIG=env.toml "$MEDSAVE" --json config path --config fine.toml
same "$(json --type config_path /path)" fine.toml
# One that is named and not there is an error, whatever else there is.
expect 1 medsave config path --config missing.toml
says 'there is no configuration missing.toml$'
expect 1 env MEDSAVE_CONFIG=missing.toml "$MEDSAVE" config check
expect 1 medsave config check --config ""
says 'names no file'
# So is one that is there and cannot be read: the next place would be another practice's.
rm home/.config/medsave/medsave.toml
ln -s nowhere home/.config/medsave/medsave.toml
expect 1 medsave config check
says 'there is no configuration .*home/.config/medsave/medsave.toml$'
if [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null; then
  chmod 711 "$work"
  chmod 700 xdg
  chmod 600 fine.toml
  expect 1 as_user "$(program_for_all)" config check --config "$work/fine.toml"
  says 'permission denied'
  expect 1 as_user env "XDG_CONFIG_HOME=$work/xdg" "$(program_for_all)" config path
  says 'permission denied'
fi

step "what is no configuration"
mkdir folder
mkfifo pipe
head -c 10000000 /dev/zero | tr '\0' '#' >large
head -c 100000 "$MEDSAVE" >binary
printf 'a = "\xe9"\n' >latin
printf '[[[' >brackets
: >empty
check folder; same "$status" 1; says 'folder is a folder'
expect 1 timeout 10 "$MEDSAVE" config check --config pipe
says 'no ordinary file'
check large; same "$status" 1; says 'larger than a mebibyte'
check binary; same "$status" 1; says '^binary:1:[0-9]+: .*(NUL|UTF-8)'
check latin; same "$status" 1; says '^latin:1:6: .*UTF-8'
check brackets; same "$status" 1; says '^brackets:1:1: this is not valid TOML'
check empty; same "$status" 1; says 'nothing would be backed up'
check /dev/null; same "$status" 1; says 'no ordinary file'

step "text as Windows writes it"
sed 's/$/\r/' fine.toml >crlf
{ printf '\xef\xbb\xbf'; cat crlf; } >bom
{ printf '\xff\xfe'; iconv -t UTF-16LE fine.toml; } >utf16
for file in crlf bom utf16; do
  expect 0 medsave config check --config $file
done

step "odd names"
for name in 'a/b' 'a\"b' 'a\nb' 'a\u001b[31mb' "$(printf 'n%.0s' $(seq 300))" ''; do
  with odd "[[medium]]
name = \"$name\""
  check odd
  same "$status" 1 "$name"
  says '^odd:2:8: a name '
  says_not $'\x1b'
done
with odd "[[medium]]
name = \"Clé\"
[[medium]]
name = \"$(printf 'Cle\xcc\x81')\""
check odd; same "$status" 1; says '^odd:4:8: the name .* is taken, in line 2'
with odd "[[medium]]
name = \"$(printf 'Cle\xcc\x81')\""
check odd; same "$status" 0
with odd 'x = 1
"\u001b[31m\n" = 2'
check odd; says_not $'\x1b'; same "$(grep -c '^odd:' stderr)" 2

step "restic has no such command"
expect 1 medsave --as-restic config check
says 'unknown command "config" for "restic"'
expect 1 medsave --as-restic snapshots --config fine.toml
says 'unknown flag: --config'
expect 1 medsave config
says 'please specify what to do'
expect 1 medsave config check fine.toml
says 'takes no arguments'

step "the pages say what the program does: their example, every key and every code"
medsave --json config show --config env.toml >entries
grep -o '"key":"[^"]*"' entries | sed 's/.*[."]\(.*\)"/\1/' | sort -u >keys
[ "$(wc -l <keys)" -ge 40 ] || fail "few keys: $(cat keys)"
grep -rhoE '"config_[a-z_]+"' "$tests/../lib/config" | tr -d '"' | sort -u >codes
for page in man/medsave.toml.5 man/fr/medsave.toml.5; do
  sed -n '/^\.EX/,/^\.EE/p' "$tests/../$page" | sed '1d;$d' | sed 's/\\-/-/g' >example.toml
  expect 0 medsave config check --config example.toml
  says 'is in order'
  tr -d '\\' <"$tests/../$page" >plain
  while read -r word; do
    grep -qw -- "$word" plain || fail "$page lacks $word"
  done < <(cat keys codes)
done
