#include "store/file_backend.hpp"
#include "store/memory_backend.hpp"
#include "store/watch_hub.hpp"
