// Shows what stands on the shelf, grouped by author.
const { books = [], groups } = await chrome.storage.local.get(["books", "groups"]);

document.querySelector("#count").textContent = `${books.length} books by ${groups.authors.length} authors`;

document.querySelector("#books").replaceChildren(
  ...groups.authors.map((author) => {
    const row = document.createElement("li");
    row.textContent = author;
    return row;
  }),
);
