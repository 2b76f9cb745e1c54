// Shows what stands on the shelf.
const { books = [] } = await chrome.storage.local.get("books");

document.querySelector("#count").textContent =
  books.length === 0 ? "No books yet. Open a library page to collect some." : `${books.length} books`;

document.querySelector("#books").replaceChildren(
  ...books.map((book) => {
    const row = document.createElement("li");
    row.textContent = book.author ? `${book.title}, ${book.author}` : book.title;
    return row;
  }),
);
