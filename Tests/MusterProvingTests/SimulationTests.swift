import Testing
@testable import MusterProving

@Suite struct SimulationTests {}
