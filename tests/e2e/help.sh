# Every command explains itself with an example, and the shells can complete it.
source "$(dirname "$0")/../support/lib.sh"

step "help of every command"
expect 0 medsave --help
for command in init backup restore snapshots ls check key unlock cat list cache version; do
  grep -Eq "^ *$command\b" stdout || fail "--help does not list $command"
done
for command in init backup restore snapshots ls check "key list" "key add" "key remove" \
               "key passwd" key unlock cat list cache version; do
  # shellcheck disable=SC2086
  expect 0 medsave $command --help
  says "example"
  says "medsave ${command%% *}"
  # shellcheck disable=SC2086
  expect 0 medsave --lang fr $command --help
  says "exemple"
done

step "completions are valid and know commands and options"
for shell in bash zsh fish; do
  expect 0 medsave completion $shell
  cp stdout "completion.$shell"
  for word in backup snapshots exclude-caches; do
    grep -q -- "$word" "completion.$shell" || fail "completion for $shell lacks $word"
  done
done
bash -n completion.bash
! command -v zsh >/dev/null || zsh -n completion.zsh
! command -v fish >/dev/null || fish -n completion.fish

step "version"
expect 0 medsave version
says "medsave [0-9]"
