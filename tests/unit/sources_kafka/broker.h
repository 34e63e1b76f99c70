// The broker that these tests run against.
#pragma once
#include "operators/sources/event_store.h"

namespace offtake::sources {

KafkaConnection test_connection();  // fails the test where OFFTAKE_TEST_KAFKA is not set

}  // namespace offtake::sources
