"""PyTorch's side of `lstm_step`: one JSON line of seconds, one for each training step.

Needs torch alone, so that another Python than the product's may run it. It does less than the product's step: no
dropout, no clipping of gradients.
"""

import argparse
import json
import time

import torch


def main() -> None:
    """Take steps on random documents of full length and print the seconds of those after the warm-up."""
    parser = argparse.ArgumentParser()
    for name in ("documents", "tokens", "rows", "dimension", "units", "classes", "warm", "steps", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    table = torch.nn.Embedding(given.rows, given.dimension)
    table.weight.requires_grad_(False)
    lstm = torch.nn.LSTM(given.dimension, given.units, batch_first=True)
    output = torch.nn.Linear(given.units, given.classes)
    optimizer = torch.optim.Adam([*lstm.parameters(), *output.parameters()])
    cross_entropy = torch.nn.CrossEntropyLoss()

    def take_step(rows: torch.Tensor, labels: torch.Tensor) -> float:
        start = time.perf_counter()
        optimizer.zero_grad()
        states, _ = lstm(table(rows))  # (B, T, H)
        loss = cross_entropy(output(states[:, -1]), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        return time.perf_counter() - start

    seconds = [
        take_step(
            torch.randint(given.rows, (given.documents, given.tokens)),
            torch.randint(given.classes, (given.documents,)),
        )
        for _ in range(given.warm + given.steps)
    ]
    print(json.dumps({"seconds": seconds[given.warm :], "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main()
