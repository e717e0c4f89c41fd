#pragma once

#include "medsave/archive/archiver.hpp"

#include <string>
#include <vector>

namespace medsave {

/// Absolute, cleaned form of the targets and streams, byte by byte as they are on the disk.
std::vector<std::string> source_paths(const std::vector<std::string>& targets,
                                      const std::vector<StreamSource>& streams = {});

/// The same as `paths` of the snapshot: in UTF-8.
std::vector<std::string> snapshot_paths(const std::vector<std::string>& targets,
                                        const std::vector<StreamSource>& streams = {});

/// The folders of StreamSource::filename and the file's name at the end. Throws Error(usage) where
/// there is none, or one that no file can have when it is restored.
std::vector<std::string> stream_components(const std::string& filename);

}  // namespace medsave
