#pragma once
#include <freeipmi/api/ipmi-api.h>
#include <freeipmi/interface/ipmi-rmcpplus-interface.h>
