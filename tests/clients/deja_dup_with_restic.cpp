// Preloaded into Déjà Dup. Debian builds it with its code for restic and without the switch that
// would choose it: whatever the setting, it asks for the plugin that drives duplicity.

extern "C" {

void* restic_plugin_new();

void* duplicity_plugin_new() { return restic_plugin_new(); }
}
