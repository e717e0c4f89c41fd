#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/remote/remote_options.hpp"

#include <memory>
#include <string>

namespace medsave {

/// A repository in a bucket of an S3 object store. `address` is what follows "s3:":
/// "host[:port]/bucket[/prefix]" or "http(s)://host[:port]/bucket[/prefix]". Credentials come from
/// the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) or from ~/.aws
/// (AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE). Throws Error(usage) for an address that is none.
/// Extended options: s3.region, s3.connections, s3.bucket-lookup, s3.storage-class;
/// s3.retention-lock ("30d") and s3.retention-mode ("compliance", "governance"): the store refuses
/// to delete what is stored for so long and up to a tenth longer. Whether it does is read back;
/// a store that does not gets Error(unsupported).
std::unique_ptr<Backend> make_s3_backend(const std::string& address, const RemoteOptions& options);

}  // namespace medsave
