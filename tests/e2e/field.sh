# Small things that went wrong for users of other programs (tests/field.md) and have no better place.
source "$(dirname "$0")/../support/lib.sh"

step "folders that their owner may not write to"
chmod 777 .
as_user mkdir -p data/closed/below
as_user sh -c 'echo kept >data/closed/below/letter && chmod 0444 data/closed/below/letter'
as_user chmod 0555 data/closed/below data/closed
expect 0 as_user env PATH="$PATH" "$MEDSAVE" init
expect 0 as_user env PATH="$PATH" "$MEDSAVE" backup data
expect 0 as_user env PATH="$PATH" "$MEDSAVE" restore latest:/data --target out
same "$(stat -c %a out/closed out/closed/below out/closed/below/letter | xargs)" "555 555 444"
same "$(cat out/closed/below/letter)" kept
as_user sh -c 'chmod 0644 out/closed/below/letter && echo changed >out/closed/below/letter'
as_user chmod 0444 out/closed/below/letter
expect 0 as_user env PATH="$PATH" "$MEDSAVE" restore latest:/data --target out
same "$(cat out/closed/below/letter)" kept

step "attributes of files that their owner may not write to"
if as_user setfattr -n user.comment -v right out/closed/below/letter 2>/dev/null; then
  fail "a file that may not be written to took an attribute"
fi
as_user chmod 0644 data/closed/below/letter
if as_user setfattr -n user.comment -v right data/closed/below/letter 2>/dev/null; then
  as_user chmod 0444 data/closed/below/letter
  expect 0 as_user env PATH="$PATH" "$MEDSAVE" backup data
  expect 0 as_user env PATH="$PATH" "$MEDSAVE" restore latest:/data --target out
  attributes() { getfattr -d -m user --absolute-names out/closed/below/letter | grep "^user" | paste -sd ' '; }
  same "$(attributes)" 'user.comment="right"'
  as_user chmod 0644 out/closed/below/letter
  as_user setfattr -n user.comment -v wrong out/closed/below/letter
  as_user setfattr -n user.other -v other out/closed/below/letter
  as_user chmod 0444 out/closed/below/letter
  expect 0 as_user env PATH="$PATH" "$MEDSAVE" restore latest:/data --target out
  same "$(attributes)" 'user.comment="right"'
  same "$(stat -c %a out/closed/below/letter)" 444
fi
