import Foundation
import Testing

@testable import MusterCore

@Suite struct FieldsTests {
    @Test func comeSortedByNameWhateverTheirOrderWas() {
        let fields: Fields = ["name": "node1", "epoch": 3, "id": 7]
        #expect(fields.keys == ["epoch", "id", "name"])
        #expect(fields.values == [3, 7, "node1"])
        #expect(fields == Fields([("id", 7), ("name", "node1"), ("epoch", 3)]))
        #expect(fields.hashValue == Fields([("id", 7), ("name", "node1"), ("epoch", 3)]).hashValue)
    }

    @Test func theLastOfOneNameStays() {
        #expect(Fields([("b", 1), ("a", 2), ("b", 3), ("a", 4), ("b", 5)]) == ["a": 4, "b": 5])
        #expect(Fields([("a", 1), ("a", 2)]) == ["a": 2])
    }

    @Test func areSetFoundAndRemovedAsInADictionary() {
        var fields = Fields()
        var expected: [String: Value] = [:]
        for turn in 0..<2000 {
            // Every name is set, set again and removed, in no order that the names have.
            let name = "n\(turn * turn % 41)"
            let value = turn % 3 == 0 ? Value?.none : .int(Int64(turn))
            fields[name] = value
            expected[name] = value
            #expect(fields.count == expected.count && fields[name] == value)
        }
        #expect(expected.count > 5)
        #expect(fields == Fields(expected))
        #expect(fields.keys == expected.keys.sorted())
        for name in (0..<41).map({ "n\($0)" }) { #expect(fields[name] == expected[name]) }
    }

    @Test func areMergedMappedAndFiltered() {
        let fields: Fields = ["a": 1, "b": 2]
        #expect(fields.merging(["b": 3, "c": 4]) { one, other in .array([one, other]) } == ["a": 1, "b": [2, 3], "c": 4])
        #expect(fields.filter { $0.value == 2 } == ["b": 2])
        #expect(Fields(["x": "y"] as [String: String]) == ["x": "y"])
    }

    @Test func areReadAsTheyWereWritten() throws {
        let fields: Fields = ["ü": 1, "": [1, .null, ["x": 1.5]], "a\"b": "c"]
        var bytes: [UInt8] = []
        try ObjectText.write(fields, into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == Value.object(fields).json)
        #expect(try JSONDecoder.canonical().decode(Fields.self, from: JSONEncoder.canonical().encode(fields)) == fields)
        #expect(try JSONDecoder.canonical().decode(Fields.self, from: Data(bytes)) == fields)
    }
}
