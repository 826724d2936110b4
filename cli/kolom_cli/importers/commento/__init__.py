"""Import comments from the JSON exports of Commento and Comentario."""
