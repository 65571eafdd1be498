import MusterCore
import Testing

@Suite struct ValueTests {
    static let values: [Value] = [
        nil, true, -7, .int(.max), .int(.min), 0.5, 1e300, -2.25e-9, "", "nan", "inf", "a \"quoted\" \\ back\nslash\t\u{1}/",
        "ünï\u{1F600}",
        [], [:], [1, [2, ["a": nil]]], ["b": 1, "a": [true, "x"], "": 0],
    ]

    @Test(arguments: values) func whatIsStoredComesBackTheSame(_ value: Value) throws {
        #expect(try Value(json: value.json) == value)
        #expect(try Value(json: value.prettyJSON) == value)
    }

    @Test func theTextIsCanonical() {
        #expect((["b": 1, "a": [true, nil, "x/y"]] as Value).json == #"{"a":[true,null,"x/y"],"b":1}"#)
    }

    @Test func aWholeNumberIsAnIntegerHoweverItWasComputed() throws {
        #expect(try Value.array([.double(2), .double(2.5), ["a": .double(-3)]]).storable() == [2, 2.5, ["a": -3]])
        #expect(throws: MusterError.self) { try Value.double(.nan).storable() }
        #expect(throws: MusterError.self) { try Value.array([["x": .double(.infinity)]]).storable() }
    }
}
