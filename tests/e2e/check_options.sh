# What check reads, and that it says what is damaged and whom it concerns.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
mkdir src
for i in $(seq 12); do head -c 3000000 /dev/urandom >"src/$i"; done
for i in 1 2 3 4; do medsave -q --pack-size 4 backup "src/$i" "src/$((i + 4))" "src/$((i + 8))"; done
expect 0 medsave check

step "subsets"
for subset in 1/2 2/2 256/256 10% 2.5% 100% 1M 500K; do
  expect 0 medsave check --read-data-subset "$subset"
done
for subset in 0/2 3/2 1/257 0% 101% x; do
  expect 1 medsave check --read-data-subset="$subset"
done
expect 1 medsave check --read-data --read-data-subset 1/2

step "the subsets together read everything"
pack=$(find repo/data -type f -size +1000k | sort | head -n 1)
id=$(basename "$pack")
chmod 600 "$pack"
printf X | dd of="$pack" bs=1 seek=1000 conv=notrunc status=none
expect 0 medsave check
failed=0
for n in 1 2 3 4; do
  run medsave check --read-data-subset "$n/4"
  if [ "$status" -ne 0 ]; then failed=$((failed + 1)); fi
done
same "$failed" 1 "subsets that see the damage"

step "damage is named, with the snapshots and paths it touches"
expect 1 medsave check --read-data
says "${id:0:8}"
says "src/[0-9]"
expect 1 medsave check --read-data --json
same "$(json --type summary /num_errors | grep -c '^[1-9]')" 1

step "all damage, not the first only"
rm -f "$(find repo/data -type f -size +1000k | sort | tail -n 1)"
gone=$(find repo/index -type f | sort | head -n 1)
expect 1 medsave check --read-data
says "${id:0:8}"
says "missing|does not exist|not found"
chmod 600 "$gone"
printf X | dd of="$gone" bs=1 seek=50 conv=notrunc status=none
expect 1 medsave check
says "$(basename "$gone" | head -c 8)"
