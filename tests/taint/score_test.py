"""The scorer itself: what it counts, on results made up here."""
import unittest

import perturb
import score


def result(roles, parents=None, gates=()):
    return {"roles": [set(r) for r in roles], "parents": parents or {}, "gates": set(gates), "unsupported": []}


class Judging(unittest.TestCase):
    ROWS = [
        # name, roles, parents, gates asked, result, right, wrong, missed
        ("a command", [{"c2"}], {}, {}, result([{"c2"}]), 1, [], []),
        ("a command that was missed", [{"c2"}], {}, {}, result([set()]), 0, [], ["0:c2"]),
        ("a command that is called a gate", [{"c2"}], {}, {0: False}, result([set()], gates=[0]), 0, ["0:gate"], ["0:c2"]),
        ("an innocent", [set()], {}, {0: False}, result([set()]), 0, [], []),
        ("an innocent that is convicted", [set()], {}, {}, result([{"c2"}]), 0, ["0:c2"], []),
        ("a gate", [set()], {}, {0: True}, result([set()], gates=[0]), 1, [], []),
        ("a gate that was missed", [set()], {}, {0: True}, result([set()]), 0, [], ["0:gate"]),
        ("a gate that is none", [set()], {}, {0: False}, result([set()], gates=[0]), 0, ["0:gate"], []),
        ("a gate that is not asked", [set()], {}, {}, result([set()], gates=[0]), 0, [], []),
        ("a parent", [set(), set()], {1: 0}, {}, result([set(), set()], {1: 0}), 1, [], []),
        ("a parent that is another", [set(), set()], {1: 0}, {}, result([set(), set()], {1: 1}), 0, ["1:parent 1"], ["1:parent 0"]),
        ("a parent where there is none", [set(), set()], {}, {}, result([set(), set()], {1: 0}), 0, ["1:parent 0"], []),
        ("a failed run of a command", [{"c2"}], {}, {}, {"failed": "x"}, 0, [], ["0:c2"]),
        ("a failed run of an innocent", [set()], {}, {0: False}, {"failed": "x"}, 0, [], []),
    ]

    def test_rows(self):
        for name, roles, parents, gates, found, right, wrong, missed in self.ROWS:
            with self.subTest(name):
                row = {}
                score.judge(score.Specimen("x", "x.c", {}, [b""] * len(roles), roles, parents, gates=gates), found, row)
                self.assertEqual((row["right"], row["wrong"], row["missed"]), (right, wrong, missed))
                count = score.Count()
                count.add(row)
                self.assertEqual(count.runs_right, int(not wrong and not missed and "failed" not in found))
                self.assertEqual(count.failed, int("failed" in found))
                self.assertEqual(count.is_good(0, 0), "failed" not in found)
                if "failed" not in found:
                    self.assertEqual(sum(count.confusion.values()), max(len(roles), right + max(len(wrong), len(missed))))


class Perturbation(unittest.TestCase):
    """A tracker that always says the same thing must not agree with all that is seen."""

    def test_agreement(self):
        command, gate, nothing = result([{"c2"}]), result([set()], gates=[0]), result([set()])
        for courses, shut, which in ((1, False, [nothing]), (2, False, [gate]), (2, True, [gate, nothing]), (3, False, [command, gate])):
            for said in (command, gate, nothing):
                with self.subTest(courses=courses, shut=shut, said=said):
                    self.assertEqual(perturb.agree(courses, shut, said), said in which)
        self.assertFalse(perturb.agree(1, False, {"failed": "x"}))

    def test_all_kinds_are_tried(self):
        for every in (1, 8):
            kinds = {"c2" if s.roles[0] else "gate" if s.gates.get(0) else "none" for s in perturb.chosen(every)}
            self.assertEqual(kinds, {"c2", "gate", "none"})


if __name__ == "__main__":
    unittest.main()
