// What sphinx-gallery leaves to the mouse, for the keyboard, too: the tags above the gallery become buttons, and those of an
// example links to the examples that share them.
document.addEventListener("DOMContentLoaded", () => {
    const tags = document.querySelectorAll(".sphx-glr-tag"), clear = document.getElementById("sphx-glr-tag-clear");
    const show = () => tags.forEach(tag => tag.setAttribute("aria-pressed", tag.classList.contains("active")));
    for (const each of [...tags, ...(clear ? [clear] : [])]) {
        each.tabIndex = 0;
        each.setAttribute("role", "button");
        each.addEventListener("click", show);
        each.addEventListener("keydown", event => {
            if (event.key == "Enter" || event.key == " ") {
                event.preventDefault();
                each.click();
            }
        });
    }
    show();
    for (const line of document.querySelectorAll(".sphx-glr-example-tags")) {
        const [label, names] = line.textContent.split(": ");
        line.textContent = `${label}: `;
        names.split(", ").forEach((name, k) => {
            const link = Object.assign(document.createElement("a"), {href: `../index.html?sg-tags=${name}`, textContent: name});
            line.append(...(k ? [", ", link] : [link]));
        });
    }
});
