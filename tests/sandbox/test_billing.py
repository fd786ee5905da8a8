"""What Lambda bills: the rounding, the init, and AWS's own examples ("AWS Lambda Pricing") to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.billing import Bill, Estimate, billed_ms, estimate, money, quantity

MILLION = 1_000_000


def cents(amount: Decimal) -> Decimal:
    """As AWS's examples round."""
    return amount.quantize(Decimal("0.01"))


class TestBilledDuration:
    @pytest.mark.parametrize(
        ("duration_ms", "billed"),
        [(1.53, 2), (2.0, 2), (2.01, 3), (3000.0, 3000), (0.4, 1), (0.0, 1), (899999.5, 900000)],
    )
    def test_is_rounded_up_to_the_millisecond(self, duration_ms: float, billed: int) -> None:
        assert billed_ms(duration_ms) == billed

    def test_of_a_cold_start_holds_the_init(self) -> None:
        assert billed_ms(1.53, 98.12) == 100

    def test_rounds_init_and_duration_together_not_each(self) -> None:
        assert billed_ms(10.4, 20.4) == 31

    def test_adds_up_what_the_report_line_shows(self) -> None:
        assert billed_ms(2.0049) == 2  # shown as 2.00 ms
        assert billed_ms(0.1 + 0.2, 0.7) == 1  # not 2 for the want of a better float

    def test_agrees_with_a_report_that_aws_wrote_after_a_timeout_on_a_cold_start(self) -> None:
        assert billed_ms(3000.0, 402.5) == 3403


class TestAwssOwnExamples:
    def test_a_mobile_backend(self) -> None:
        bill = estimate(120, 1536, runs_a_month=3 * MILLION).x86_64.month_free_tier
        assert cents(bill.duration.value) == Decimal("2.33")
        assert cents(bill.requests.value) == Decimal("0.40")
        assert bill.total.text == "$2.73"
        assert "540,000 GB-s − 400,000 free = 140,000 GB-s; 140,000 GB-s × $0.0000166667" in bill.duration.words

    def test_telemetry_of_a_fleet_without_the_free_tier(self) -> None:
        bill = estimate(2000, 1024, runs_a_month=7_440_000).x86_64.month
        assert cents(bill.requests.value) == Decimal("1.49")
        assert cents(bill.duration.value) == Decimal("248.00")
        assert bill.total.text == "$249.49"

    def test_inference_with_more_ephemeral_storage(self) -> None:
        bill = estimate(280, 4096, 2048, runs_a_month=6 * MILLION).x86_64.month_free_tier
        assert [cents(part.value) for part in (bill.duration, bill.requests, bill.storage)] == [
            Decimal("105.33"),
            Decimal("1.00"),
            Decimal("0.08"),
        ]
        assert bill.total.text == "$106.41"

    def test_the_pricing_calculators_million_of_eight_seconds(self) -> None:
        bill = estimate(8000, 128).x86_64.month
        assert bill.duration.text == "$16.67"
        assert bill.total.text == "$16.87"


class TestAnEstimate:
    def test_of_the_smallest_run(self) -> None:
        run = estimate(2, 128).x86_64
        assert run.gb_seconds.value == Decimal("0.00025")
        assert run.gb_seconds.words == (
            "2 ms = 0.002 s; 0.002 s × 128 MB ÷ 1,024 = 0.00025 GB-s: the time, times the memory configured."
        )
        assert run.run.duration.words == "0.00025 GB-s × $0.0000166667 ≈ $0.00000000417 on x86_64."
        assert run.run.requests.words == "1 request × $0.20 per million = $0.0000002."
        assert run.run.total.text == "$0.000000204"
        assert run.run.total.words == (
            "$0.0000002 for requests + $0.00000000417 for duration + $0 for ephemeral storage ≈ $0.000000204."
        )

    def test_is_a_fifth_cheaper_per_gb_second_on_arm(self) -> None:
        both = estimate(100, 1024)
        ratio = both.arm64.run.duration.value / both.x86_64.run.duration.value
        assert round(ratio, 3) == Decimal("0.800")
        assert both.arm64.run.requests == both.x86_64.run.requests
        assert both.on("arm64") is both.arm64
        assert both.on("x86_64") is both.x86_64

    def test_of_a_million_small_runs_is_nothing_with_the_free_tier(self) -> None:
        bill = estimate(2, 128).x86_64.month_free_tier
        assert bill.total.text == "$0"
        assert bill.requests.words == "1,000,000 requests − 1,000,000 free = 0; 0 × $0.20 per million = $0."
        assert bill.duration.words.startswith("250 GB-s − 250 free = 0 GB-s")

    def test_has_512_mb_of_ephemeral_storage_for_nothing(self) -> None:
        run = estimate(100, 128, 512).x86_64
        assert run.storage_gb_seconds.value == 0
        assert run.month.storage.words == "The first 512 MB of ephemeral storage cost nothing."

    def test_has_no_free_tier_for_storage(self) -> None:
        run = estimate(1000, 128, 10_240).x86_64
        assert run.storage_gb_seconds.words == (
            "1,000 ms = 1 s; 1 s × (10,240 MB − 512 MB) ÷ 1,024 = 9.5 GB-s of ephemeral storage."
        )
        assert run.month_free_tier.storage.value == run.month.storage.value == Decimal("0.29355")
        assert run.month_free_tier.total.text == "$0.294"
        assert run.month_free_tier.storage.words.endswith("the free tier does not cover storage.")

    def test_costs_less_per_gb_second_from_the_second_tier_on(self) -> None:
        bill = estimate(900_000, 10_240).x86_64.month
        assert bill.duration.words == (
            "6,000,000,000 GB-s × $0.0000166667 + 3,000,000,000 GB-s × $0.000015 = $145,000.20 on x86_64."
        )

    def test_says_where_the_prices_are_from_and_that_a_cold_start_is_not_the_rule(self) -> None:
        warm, cold = estimate(2, 128), estimate(100, 128, cold=True)
        assert any("US East (N. Virginia)" in note and "2026" in note for note in warm.notes)
        assert "cold start" in cold.notes[0]
        assert not any("cold start" in note for note in warm.notes)

    @pytest.mark.parametrize("memory_mb", [128, 1769, 3007, 10_240])
    @pytest.mark.parametrize("billed", [1, 3, 333, 900_000])
    @pytest.mark.parametrize("storage_mb", [512, 513, 10_240])
    def test_explains_every_number_and_shows_none_as_nothing_that_is_not(
        self, memory_mb: int, billed: int, storage_mb: int
    ) -> None:
        found = estimate(billed, memory_mb, storage_mb)
        for architecture in (found.x86_64, found.arm64):
            for bill in (architecture.run, architecture.month, architecture.month_free_tier):
                self.check(bill)
        assert isinstance(found, Estimate)

    def check(self, bill: Bill) -> None:
        parts = (bill.requests, bill.duration, bill.storage)
        assert bill.total.value == sum(part.value for part in parts)
        for number in (*parts, bill.total):
            shown = Decimal(number.text.replace(",", "").removeprefix("$"))
            assert (shown == 0) == (number.value == 0)
            assert number.text in number.words or not number.value
            assert number.words.endswith(".")
            assert "E-" not in number.words
            assert "E+" not in number.words


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "text"),
        [
            ("0", "$0"),
            ("0.0000000167", "$0.0000000167"),
            ("0.00000000000000001", "$0.00000000000000001"),
            ("0.2", "$0.20"),
            ("0.20417", "$0.204"),
            ("0.9996", "$1.00"),
            ("0.05", "$0.05"),
            ("1", "$1.00"),
            ("1234567.891", "$1,234,567.89"),
        ],
    )
    def test_is_never_shown_as_nothing_when_it_is_something(self, amount: str, text: str) -> None:
        assert money(Decimal(amount)) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("0.00025", "0.00025"),
            ("0.0051826171875", "0.00518262"),
            ("540000", "540,000"),
            ("5182.6171875", "5,182.62"),
            ("1234567.8", "1,234,567.8"),
            ("0", "0"),
            ("0.1000", "0.1"),
        ],
    )
    def test_nor_are_quantities_written_with_exponents(self, value: str, text: str) -> None:
        assert quantity(Decimal(value)) == text
