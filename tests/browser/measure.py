"""How many lines a message takes in the page, as people see it."""

from playwright.sync_api import Locator

_COUNT_LINES = """(message) => {
  const boxes = [];
  const add = (rect) => { if (rect.width > 1 && rect.height > 1) boxes.push([rect.top, rect.bottom]); };
  for (const block of message.querySelectorAll(".bk")) {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      for (const rect of range.getClientRects()) add(rect);
    }
    for (const button of block.querySelectorAll("button, a.button")) add(button.getBoundingClientRect());
  }
  boxes.sort((a, b) => a[0] - b[0]);
  let lines = 0, end = -Infinity;
  for (const [top, bottom] of boxes) {
    const middle = (top + bottom) / 2;
    if (middle > end) { lines += 1; end = bottom; }
  }
  return lines;
}"""
"""Counts rows of boxes: a box belongs to the line before if its middle is not below the end of it."""


def count_lines(message: Locator) -> int:
    """Return the lines of a message's blocks, a row of buttons being one."""
    count: int = message.evaluate(_COUNT_LINES)
    return count
