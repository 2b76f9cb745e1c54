// Shows what stands on the shelf, and how far each book has been read.
const { books: shelf = {} } = await chrome.storage.local.get("books");
const books = Object.values(shelf);

document.querySelector("#count").textContent =
  books.length === 0 ? "No books yet. Open a library page to collect some." : `${books.length} books`;

document.querySelector("#books").replaceChildren(
  ...books.map((book) => {
    const row = document.createElement("li");
    const read = `${Math.round((book.progress ?? 0) * 100)} % read`;
    row.textContent = [book.title, book.author, read].filter(Boolean).join(", ");
    return row;
  }),
);
