#include "medsave/maintain/migration.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/format/repo_config.hpp"

#include <utility>

namespace medsave {

std::vector<Migration> possible_migrations(const Repository& repository) {
  std::vector<Migration> all;
  if (repository.config().version == 1) {
    all.push_back(
        {.name = "upgrade_repo_v2", .description = _("upgrade a repository to version 2")});
  }
  return all;
}

void upgrade_to_version_2(const Repository& repository,
                          const std::function<void(ByteView old_config)>& keep_copy) {
  RepoConfig config = repository.config();
  if (config.version != 1) {
    throw Error(Errc::usage,
                format_text(_("repository has version {}, only upgrades from version 1 are "
                              "supported"),
                            config.version));
  }
  config.version = 2;
  const std::string json = encode_repo_config(config);
  Buffer sealed;
  seal(repository.key(), as_bytes(json), sealed, repository.random());
  Buffer opened;
  open_sealed(repository.key(), sealed.view(), opened);
  if (as_text(opened.view()) != json) {
    throw Error(Errc::internal, _("the new config did not survive encryption, so nothing was "
                                  "changed; this computer's memory or processor is faulty"));
  }
  Buffer old;
  repository.load_raw({.kind = FileKind::config}, old);
  keep_copy(old.view());
  repository.backend().replace_config(std::move(sealed));
}

}  // namespace medsave
