#pragma once

namespace medsave::cli {

class Command;

// cmd is the program. Each command has a source with its options, what it does and its output
// (backup.cpp; repair.cpp and key.cpp have several). command_line.hpp is the model of options,
// context.hpp what every command has at hand, and run.cpp turns errors into exit codes.

// One function per command, in the order in which --help lists them.
void add_init(Command& root);
void add_backup(Command& root);
void add_restore(Command& root);
void add_snapshots(Command& root);
void add_ls(Command& root);
void add_find(Command& root);
void add_diff(Command& root);
void add_dump(Command& root);
void add_stats(Command& root);
void add_mount(Command& root);
void add_check(Command& root);
void add_forget(Command& root);
void add_prune(Command& root);
void add_copy(Command& root);
void add_tag(Command& root);
void add_rewrite(Command& root);
void add_repair(Command& root);
void add_recover(Command& root);
void add_migrate(Command& root);
void add_key(Command& root);
void add_unlock(Command& root);
void add_cat(Command& root);
void add_list(Command& root);
void add_cache(Command& root);
void add_config(Command& root);
void add_options(Command& root);
void add_features(Command& root);
void add_generate(Command& root);
void add_version(Command& root);

}  // namespace medsave::cli
