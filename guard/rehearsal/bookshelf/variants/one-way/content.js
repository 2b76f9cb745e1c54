// Reads the books on a library page and hands them to the worker.
const SELECTOR = ".shelf .book-card";

function readBooks() {
  return [...document.querySelectorAll(SELECTOR)].map((book) => ({
    title: book.querySelector(".title")?.textContent.trim() ?? "",
    author: book.querySelector(".author")?.textContent.trim() ?? "",
  }));
}

async function collect() {
  const books = readBooks().filter((book) => book.title);
  if (books.length === 0) {
    const text = "extraction failed: no books found on a library page";
    await chrome.runtime.sendMessage({ type: "error", text });
    throw new Error(text);
  }
  const { total } = await chrome.runtime.sendMessage({ type: "books", books });
  document.documentElement.dataset.bookshelfCount = String(total);
}

collect();
