# French and English: chosen by option, by our own variable, by the locale; JSON stays the same.
source "$(dirname "$0")/../support/lib.sh"
medsave -q init
echo x >file
french='instantané|dépôt'
english='snapshot'
unset LC_ALL

step "by --lang, before all else"
expect 0 env LANG=en_US.UTF-8 "$MEDSAVE" --lang fr backup file
says "$french"
expect 0 env LANG=fr_FR.UTF-8 "$MEDSAVE" --lang en backup file
says "$english"
says_not "$french"
step "by MEDSAVE_LANG"
expect 0 env MEDSAVE_LANG=fr LANG=C "$MEDSAVE" backup file
says "$french"
step "by the locale, installed or not"
for variable in LANG LC_ALL LC_MESSAGES LANGUAGE; do
  expect 0 env "$variable=fr_FR.UTF-8" "$MEDSAVE" backup file
  says "$french"
done
expect 0 env LANG=fr_CH.UTF-8 "$MEDSAVE" backup file
says "$french"
for value in C POSIX en_GB.UTF-8 de_DE.UTF-8; do
  expect 0 env LANG=$value "$MEDSAVE" backup file
  says_not "$french"
done

step "help and errors too"
expect 0 medsave --lang fr --help
says "dépôt|sauvegarde"
expect 0 medsave --lang fr backup --help
says "sauvegarde"
expect 12 env RESTIC_PASSWORD=wrong "$MEDSAVE" --lang fr snapshots
says "mot de passe"
expect 10 medsave --lang fr -r nowhere snapshots
says "dépôt"

step "machines get the same in every language"
expect 0 medsave --lang fr --json backup file
summary files_unmodified >/dev/null
says_not "$french"

step "kinds of files have French names in messages"
pack=$(medsave list packs | sed -n 1p)
rm -f "$RESTIC_REPOSITORY/data/${pack:0:2}/$pack"
expect 1 medsave --lang en cat pack "$pack"
says "\\bpack ${pack:0:8}"
expect 1 medsave --lang fr cat pack "$pack"
says "paquet ${pack:0:8}"

step "a language that there is not is said, where this program was asked for it"
expect 1 env LANG=fr_FR.UTF-8 "$MEDSAVE" --lang de version
says "en, fr"
says "--lang"
says "^Erreur"
expect 0 env MEDSAVE_LANG=de "$MEDSAVE" version
says "MEDSAVE_LANG=de: messages are in en or fr only"
for value in fr fr_CH.UTF-8 de:fr C; do
  expect 0 env MEDSAVE_LANG=$value "$MEDSAVE" version
  says_not "MEDSAVE_LANG"
done
expect 0 env LANG=de_DE.UTF-8 LANGUAGE=de "$MEDSAVE" version
same "$(cat stderr)" ""

step "what the system says is French without a French locale"
medsave -q backup file
expect 1 env LC_ALL= LANG=C.UTF-8 "$MEDSAVE" --lang fr dump latest /file --target nowhere/target
says "^Erreur.{1,3}: impossible de créer .*nowhere/target.*: ce fichier ou dossier n'existe pas"
says_not "medsave-[0-9a-f]"
expect 1 medsave --lang en dump latest /file --target nowhere/target
says "^Fatal: cannot create nowhere/target: No such file or directory"
step "times: in sentences as the language writes them, in lists and for programs all the same"
dated=2026-03-05\ 14:05:09
expect 0 medsave --lang fr backup file --time "$dated"
says "^Sauvegarde de .*, le 05/03/2026 à 14:05$"
expect 0 medsave backup file --time "$dated"
says "^Backup of .*, $dated$"
expect 0 medsave --as-restic restore latest --target dated
says "^restoring snapshot [0-9a-f]{8} of \[.*\] at 2026-[0-9-]+ [0-9:]+ by "
expect 0 medsave --lang fr snapshots
says "^[0-9a-f]{8}  $dated "
expect 0 medsave --lang fr find file
says "^Trouvé dans l'instantané [0-9a-f]{8} du 05/03/2026 à 14:05$"
expect 0 medsave find --oldest 05/03/2026 file
says "^Found matching"
expect 0 medsave --lang fr --json key list
says '"created":"20[0-9-]* [0-9:]*"'

step "what people read has no English words left in it"
export RESTIC_REPOSITORY=$work/fresh
medsave -q init
seq 20000 >file
ln -s file link
expect 0 medsave --lang fr backup file link --host accueil
# in_french COMMAND...: its output, without the names and options that are the same everywhere.
in_french() {
  run "$MEDSAVE" --lang fr "$@"
  says_not 'file type|blob type|total (size|file|folder|blob)|compression [prs]|space saved|factor|uncompressed|processed:|repo id|last used|created|found|belongs to|is a "|type (data|tree)|\((data|tree)\)|offset|length|scanning|cache dirs|days ago'
}
for mode in restore-size raw-data blobs-per-file; do
  in_french stats --mode $mode
done
says 'Statistiques'
expect 0 medsave --lang fr stats --mode raw-data
says 'Cette part divisée par.+:  [0-9]+,[0-9]{2}$'
says 'Place gagnée.+: +-?[0-9]+,[0-9]{2}.+%$'
expect 0 medsave --lang en stats --mode raw-data
says 'That Part Divided by:  [0-9.]+$'
expect 0 medsave --as-restic stats --mode raw-data
says 'Compression Ratio:  [0-9.]+x$'
in_french stats --mode debug
for heading in 'fichier de clé' verrou "fichier d'index" "fichier d'instantané" paquet 'bloc de données' 'bloc de liste de dossier'; do
  says "^Taille de chaque $heading.+:\$"
done
in_french find --tree "$(medsave list blobs | sed -n 's/^tree //p' | head -n 1)" --show-pack-id
says 'bloc de liste de dossier [0-9a-f]{8}, position'
in_french find --blob 0123456789
in_french find file
in_french ls -l latest
in_french key list
in_french snapshots
in_french --cache-dir "$work/cache" cache
in_french dump latest /link
says 'devrait être un fichier, mais c.est un lien symbolique'
in_french dump latest /file/below
says 'devrait être un dossier, mais c.est un fichier'

step "examples have French names"
for command in backup restore dump mount copy init tag "key add" find ls diff rewrite; do
  expect 0 medsave --lang fr $command --help
  says_not 'practice|/tmp/restored|praxis|notary|year-end|trial|letters|/mnt/backup|usb/backup|/srv/first'
done

step "French goes by the first number, and the modes of stats have French names"
expect 0 medsave --lang fr stats
says "^Statistiques, taille après restauration \(restore-size\)"
expect 0 medsave --lang fr rewrite --exclude file
says "[0-9]+ instantanés? refaits?$"
