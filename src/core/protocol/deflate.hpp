// permessage-deflate (RFC 7692): negotiation and message compression.
#pragma once

#include "core/protocol/deflate_extension.hpp"
#include "core/protocol/deflate_options.hpp"
#include "core/protocol/deflate_stream.hpp"
