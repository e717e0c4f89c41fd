#include "fuzz.hpp"
#include "s3_xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    medsave::decode_s3_refusal(input);
    const medsave::S3Listing page = medsave::decode_s3_listing(input);
    medsave::fuzz::require(page.objects.size() <= input.size());
  });
}
