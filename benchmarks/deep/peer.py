"""The same models, data sizes and steps as DeepLoad.java, in plain PyTorch: AdamW, clipped gradients, the loss read at every
step, the rate set at every step. Prints rows or tokens a second after the first steps.

    peer.py MODEL SECONDS [sdpa]

With `sdpa` the attention is PyTorch's fused one, which DJL does not offer."""
import math
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WARM = 15
name, seconds, fused = sys.argv[1], float(sys.argv[2]), "sdpa" in sys.argv
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
torch.manual_seed(42)


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.three, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask):
        b, t, c = x.shape
        q, k, v = (p.reshape(b, t, self.heads, c // self.heads).transpose(1, 2)
                   for p in self.three(self.before(x)).split(c, 2))
        if fused:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=0.1)
        else:
            s = (q * (1 / math.sqrt(c // self.heads))) @ k.transpose(2, 3) + mask
            y = self.drop(s.softmax(3)) @ v
        x = x + self.drop(self.out(y.transpose(1, 2).reshape(b, t, c)))
        return x + self.drop(self.narrow(F.gelu(self.wide(self.between(x)))))


class Gpt(nn.Module):
    def __init__(self, vocabulary, context, width, heads, layers):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.last, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids):
        at = torch.arange(ids.shape[1])
        x = self.drop(self.tokens(ids) + self.places(at))
        mask = (at.unsqueeze(0) > at.unsqueeze(1)).float() * -1e9
        for layer in self.layers:
            x = layer(x, mask)
        return self.head(self.last(x)).reshape(-1, self.head.out_features)


def mlp():
    model = nn.Sequential(
        nn.Linear(100, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, 10))
    return model, torch.randn(200_000, 100), torch.arange(200_000) % 10, 256, 1


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, 10))
    return model, torch.randn(20_000, 1, 28, 28), torch.arange(20_000) % 10, 64, 1


def gpt():
    ids = (torch.arange(20_000).unsqueeze(1) * 31 + torch.arange(128) * 7) % 2000
    return Gpt(2000, 128, 128, 4, 4), ids, (ids * 3 + 1) % 2000, 8, 128


model, data, labels, batch, weight = {"mlp": mlp, "cnn": cnn, "gpt": gpt}[name]()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
step, begun, spent, losses = 0, 0.0, 0.0, 0.0
order = torch.randperm(len(data))
while True:
    if step == WARM:
        begun, spent = time.perf_counter(), time.process_time()
    if step > WARM and time.perf_counter() - begun > seconds:
        break
    at = step * batch % (len(data) - batch)
    places = order[at:at + batch]
    for group in optimizer.param_groups:
        group["lr"] = 1e-3
    loss = F.cross_entropy(model(data[places]), labels[places].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    losses += loss.item() + norm.item()
    step += 1
assert math.isfinite(losses)
units = (step - WARM) * batch * weight
print(f"{units / (time.perf_counter() - begun):.0f} {units / (time.process_time() - spent):.0f}")
