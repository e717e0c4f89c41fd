# Every command explains itself with an example, and the shells can complete it.
source "$(dirname "$0")/../support/lib.sh"

# The names that "Commands:" lists in the help of $1 ("" for the program).
commands_of() {
  # shellcheck disable=SC2086
  medsave $1 --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

step "help of every command, in English and French"
names=$(commands_of "")
for command in init backup restore snapshots ls check key unlock cat list cache version; do
  grep -qx "$command" <<<"$names" || fail "--help does not list $command"
done
all=()
for command in $names; do
  below=$(commands_of "$command")
  [ -n "$below" ] || all+=("$command")
  for name in $below; do all+=("$command $name"); done
done
for command in "${all[@]}"; do
  # shellcheck disable=SC2086
  expect 0 medsave $command --help
  says "^Examples?:"
  says "^  .*medsave .*${command%% *}"
  # shellcheck disable=SC2086
  expect 0 medsave --lang fr $command --help
  says "^Exemples?.?:"
done
echo "${#all[@]} commands"

step "help is 80 columns wide at most"
for command in "" "${all[@]}"; do
  for language in en fr; do
    # shellcheck disable=SC2086
    widest=$(medsave --lang $language $command --help | wc -L)
    [ "$widest" -le 80 ] || fail "$widest columns: --lang $language $command --help"
  done
done

step "completions are valid and know commands and options"
for shell in bash zsh fish powershell; do
  expect 0 medsave generate "--$shell-completion" "completion.$shell"
  for word in backup snapshots exclude-caches; do
    grep -q -- "$word" "completion.$shell" || fail "completion for $shell lacks $word"
  done
done
bash -n completion.bash
! command -v zsh >/dev/null || zsh -n completion.zsh
! command -v fish >/dev/null || fish -n completion.fish
! command -v pwsh >/dev/null || pwsh -NoProfile -File completion.powershell

step "completions as JSON, and by restic's name"
expect 0 medsave --json generate --bash-completion completion --fish-completion completion.fish --man pages
same "$(wc -l <stdout)" 1
same "$(json --type summary /files/0)" completion
[ "$(json --type summary --count /files)" -gt 20 ] || fail "$(cat stdout)"
expect 1 medsave --json generate --bash-completion other --zsh-completion -
says '"error":"usage"'
same "$(cat stdout)" ""
[ ! -e other ] || fail "something was written"
for shell in bash zsh fish powershell; do
  expect 0 medsave --as-restic generate "--$shell-completion" -
  if [ "$shell" = bash ]; then says '^complete -F _restic restic$'; fi
  if [ "$shell" = powershell ]; then says 'CommandName restic '; fi
  says_not '^complete -[Fc] _?medsave|CommandName medsave|compdef medsave'
done
expect 0 medsave list --help
says "with --json too"

step "version"
expect 0 medsave version
says "medsave [0-9]"

step "a kind that is not given: the message names those that there are"
expect 1 medsave list
says 'say what to list: blobs, packs, index, snapshots, keys or locks$'
expect 1 medsave cat
says 'say what to show: config, index, '
expect 1 medsave --as-restic list
says 'type not specified$'
